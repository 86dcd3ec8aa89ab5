"""The models that read passages and write answers from them: layers, weights, training, inference."""
