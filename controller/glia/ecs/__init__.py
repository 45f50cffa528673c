"""ECS's objects as values, free of any I/O."""
