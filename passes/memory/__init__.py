"""Laying tensors out in one piece of memory: who shares what (``buffers``), and who lies where (``packing``)."""
