"""What a target takes over of a source's weights: parts, anchors, thawing."""
