"""The operations of the ECS API, a module for each kind of resource."""
