from __future__ import annotations

from support.operator import make_operator, operator
from support.program import program

__all__ = ["make_operator", "operator", "program"]
