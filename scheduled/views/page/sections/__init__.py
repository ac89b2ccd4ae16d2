"""The parts of the page, each with the model of its template; what several of them need."""
