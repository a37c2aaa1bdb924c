"""One derivative with an error bar; knows neither parameters nor verdicts."""
