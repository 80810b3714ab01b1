/** Which methods there are at a path, for those who asked for another: the router tells routes alone. */
export class PathMethods {
  readonly #methods = new Map<string, Set<string>>();

  /** Adds a route. `url` has parameters as segments: `/apps/:app`. */
  add(url: string, methods: string | readonly string[]): void {
    const known = this.#methods.get(url) ?? new Set<string>();
    for (const method of typeof methods === 'string' ? [methods] : methods) known.add(method);
    this.#methods.set(url, known);
  }

  /** The methods at the path of a request, sorted; none when there is no such path. */
  methodsOf(requestUrl: string): readonly string[] {
    const segments = segmentsOf(requestUrl.replace(/[?#].*$/s, ''));
    const found = [...this.#methods].filter(([pattern]) => matches(segmentsOf(pattern), segments));
    return [...new Set(found.flatMap(([, methods]) => [...methods]))].toSorted();
  }
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/');
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  if (pattern.length !== path.length) return false;
  return pattern.every((segment, index) => (segment.startsWith(':') ? path[index] !== '' : segment === path[index]));
}
