"""From TensorFlow Lite's operations to C kernels."""
