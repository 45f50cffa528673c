"""What the loop shows over HTTP: health, metrics, status; and the push of a git server."""
