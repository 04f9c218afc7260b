"""tfl dialect -> TFLite flatbuffer. May import `ir` only."""
