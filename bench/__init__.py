"""Measure Jeung beside what it is compared with, in one run; nothing here is asserted by a test."""
