import { connect, type AddNamespace, type Namespace } from './namespaces.ts';

/** The prefixes of a lab's Internet. Public unicast, so that relays may reach peers there; nothing leaves the machine. */
const prefixLength = { ipv4: 16, ipv6: 64 } as const;
const publicPrefix = { ipv4: '11.22.', ipv6: '2600:1::' } as const;

/** The public side of a lab: one switch that routers, public servers and public clients are plugged into. */
export class Internet {
  readonly #switch: Namespace;
  #ports = 0;

  private constructor(namespace: Namespace) {
    this.#switch = namespace;
  }

  /** Builds one without anybody on it. */
  static async build(addNamespace: AddNamespace): Promise<Internet> {
    const namespace = await addNamespace('internet');
    await namespace.ip('link', 'add', 'name', 'br0', 'type', 'bridge');
    await namespace.ip('link', 'set', 'br0', 'up');
    return new Internet(namespace);
  }

  /** Plugs in the `eth0` of a namespace, with public addresses of 11.22.0.0/16 or 2600:1::/64. */
  async attach(namespace: Namespace, ...addresses: readonly string[]): Promise<void> {
    for (const address of addresses) assertPublic(address);
    const port = `port${this.#ports++}`;
    const withPrefix = addresses.map((address) => `${address}/${prefixLength[familyOf(address)]}`);
    await connect({ namespace, device: 'eth0', addresses: withPrefix }, { namespace: this.#switch, device: port });
    await this.#switch.ip('link', 'set', port, 'master', 'br0');
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

function assertPublic(address: string): void {
  if (!address.startsWith(publicPrefix[familyOf(address)])) throw new Error(`${address} is not on the lab's Internet`);
}
