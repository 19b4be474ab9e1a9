"""Let two people decide what nobody may do alone."""

from jeung.services.dual_control.handlers import ActHandler, ActRegistry, CalledAct, DatabaseAct, Outcome, WorkedAct
from jeung.services.dual_control.principals import person_traces
from jeung.services.dual_control.service import DualControlRules, DualControlService
from jeung.services.dual_control.work import ActWork

__all__ = [
    "ActHandler",
    "ActRegistry",
    "ActWork",
    "CalledAct",
    "DatabaseAct",
    "DualControlRules",
    "DualControlService",
    "Outcome",
    "WorkedAct",
    "person_traces",
]
