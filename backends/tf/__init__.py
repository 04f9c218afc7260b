"""Writing TensorFlow graphs: frozen ``.pb`` files (``frozen``), and SavedModels (``saved_model``)."""
