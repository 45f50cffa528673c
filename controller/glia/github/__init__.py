"""GitHub's REST and GraphQL APIs, as far as plans are told there."""
