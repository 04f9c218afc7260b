"""nn dialect -> tfl dialect (TensorFlow Lite). May import `ir` only."""
