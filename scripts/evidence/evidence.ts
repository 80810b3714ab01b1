/**
 * `npm run evidence`: tries every defect that docs/adr/0004 names, on loopback alone, and prints what was seen. The
 * cost of a relayed packet is measured by `npm run bench`.
 */
import { nodeTurnClaims } from './node-turn-claims.ts';
import { stunClaims } from './stun-claims.ts';

let holding = 0;
const claims = [...nodeTurnClaims, ...stunClaims];
for (const claim of claims) {
  const { holds, seen } = await claim.observe();
  console.log(`${holds ? 'holds        ' : 'does not hold'}  ${claim.statement}\n               ${seen}`);
  if (holds) holding += 1;
}
console.log(`${String(holding)} of ${String(claims.length)} statements hold.`);
