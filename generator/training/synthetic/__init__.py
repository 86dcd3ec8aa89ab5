"""Questions made from texts that nobody labelled: salient spans, question forms, and a check by a trained reader."""
