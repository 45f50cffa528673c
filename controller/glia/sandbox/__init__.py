"""The embedded ECS: Amazon ECS played in one process, for tests, demos and dry experiments."""
