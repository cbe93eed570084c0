"""FER Lab's engine: facial-expression recognition on 48x48 grey faces.

`fer_engine.load("net12-svm").predict(image)` is the shortest way in. Importing this package is cheap: torch and
scikit-learn come in with the modules that need them.
"""

__version__ = "0.1.0"
