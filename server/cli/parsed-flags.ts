/** The flags that a command line gives, by name; several texts where one is repeated. A switch has the text `true` or `false`. */
export type ParsedFlags = ReadonlyMap<string, readonly string[]>;
