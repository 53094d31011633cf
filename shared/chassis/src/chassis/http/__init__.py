"""The HTTP face: who may call, what they may send, what they are answered."""
