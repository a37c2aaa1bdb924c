"""What the caller hands in: parameters, functions, programs, files."""
