"""What ECS checks before it does anything: shapes from its model, rules from its documentation."""
