"""nn to the onnx dialect: `expand-for-onnx` and `lower-to-onnx`."""
