"""What people get wrong in backpropagation, and the search for the mistake behind a number."""
