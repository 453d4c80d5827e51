"""What a step may touch: one folder per capability, each with what is asked, who answers in a model, who answers for real."""
