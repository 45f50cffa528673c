from __future__ import annotations

from support.operator import make_operator, operator

__all__ = ["make_operator", "operator"]
