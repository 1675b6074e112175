"""``gyges graph extract``: what could a text add to the graph?"""
