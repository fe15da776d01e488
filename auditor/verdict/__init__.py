"""Numbers become a label, a standing, and the sentence a risk committee reads."""
