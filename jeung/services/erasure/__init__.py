"""Erase a person so that it can be proved, and keep back only what the law makes one keep."""

from jeung.services.erasure.act import ErasureAct
from jeung.services.erasure.subjects import SubjectService
from jeung.services.erasure.work import ErasureWork

__all__ = ["ErasureAct", "ErasureWork", "SubjectService"]
