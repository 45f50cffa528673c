"""A new revision only with the plan that was reviewed: ``glia run --require-plan``."""
