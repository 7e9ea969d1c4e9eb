const kept: object[] = [];

/** Fills the heap with BENCH_HEAP_MIB of small objects, as a large program does. */
export function fillHeap(): void {
  const grownBy = Number(process.env["BENCH_HEAP_MIB"] ?? 0) * 2 ** 20;
  const before = process.memoryUsage().heapUsed;
  while (process.memoryUsage().heapUsed - before < grownBy)
    for (let count = 0; count < 1000; count++) kept.push({ number: kept.length, text: `the object ${kept.length}` });
}
