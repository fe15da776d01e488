"""What the base already took: the tuned policy's returns as a covered and a new stream."""
