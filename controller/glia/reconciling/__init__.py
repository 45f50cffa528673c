"""What the loop decides between two looks at ECS, as far as it needs no thread and no network."""
