"""What can be measured on a face before a classifier sees it: pixels, gradients, landmarks, hidden activations."""
