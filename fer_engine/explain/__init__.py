"""What a network makes of a face, and which pixels decided: activations, class activation maps, and their pictures."""
