"""What is wrong with a data set: copies, leaks, dangling judgments, and the ceiling that they leave. No model is loaded."""
