"""ONNX: model files -> the onnx dialect -> the nn dialect."""
