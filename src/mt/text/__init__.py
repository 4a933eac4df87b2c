"""Text in, text out: normalisation, sentences, subword tokens."""
