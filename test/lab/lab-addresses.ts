/** The server's addresses beside loopback, and its neighbour's. They are of denied ranges: being the server's own must not open those. */
export const serverAddresses = { ipv4: '203.0.113.1', ipv6: '2001:db8::1' } as const;
export const canaryAddresses = { ipv4: '203.0.113.2', ipv6: '2001:db8::2' } as const;

/** Where the server of a lab listens. */
export const turnPort = 3478;

/** The port that canaries listen on and that nobody else has in a lab. */
export const canaryPort = 9999;

/** Who may allocate on a lab's server. */
export const labUser = { username: 'lab', password: 'correct horse battery staple' } as const;

/** Where every cloud's metadata service is. */
export const metadataIp = '169.254.169.254';
