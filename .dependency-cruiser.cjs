/** Who may import whom (docs/ARCHITECTURE.md). `npm run check` runs it; test/architecture proves that each rule can fail. */

const rooms = {
  contract: [],
  stun: [],
  seam: ['stun'],
  credentials: [],
  turn: ['stun', 'seam', 'credentials'],
  relay: ['stun', 'seam'],
  transport: ['stun', 'seam'],
  config: [],
  store: [],
  telemetry: ['store'],
  api: ['credentials', 'store'],
  app: ['stun', 'seam', 'credentials', 'turn', 'relay', 'transport', 'config', 'store', 'telemetry', 'api'],
  cli: ['credentials', 'config', 'app'],
  entries: ['stun', 'seam', 'credentials', 'turn', 'config', 'telemetry', 'app'],
};

/** Rooms that touch no socket, file, clock or randomness. */
const pureRooms = '^server/(contract|stun|seam|credentials|turn)/';

/** Configuration and requests hold addresses, networks and names, and there is one parser of each (docs/adr/0005). */
const textParsers = '^server/(stun/(cidr|ip-text|transport-address)|credentials/opaque-string)[.]ts$';
const roomsThatReadTexts = ['config', 'api'];

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports`,
  comment: `${room} may import ${['contract', ...allowed].join(', ')} and nothing else of server/`,
  severity: 'error',
  from: { path: `^server/${room}/` },
  to: {
    path: '^server/',
    pathNot: [
      `^server/(${[room, 'contract', ...allowed].join('|')})/`,
      ...(roomsThatReadTexts.includes(room) ? [textParsers] : []),
    ],
  },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'known-rooms',
      comment: 'A new room is added to the list of rooms with what it may import',
      severity: 'error',
      from: {},
      to: { path: '^server/', pathNot: `^server/(${Object.keys(rooms).join('|')})/` },
    },
    {
      name: 'seam-holds-types',
      comment: 'The seam is types alone: it may look at stun, and run nothing',
      severity: 'error',
      from: { path: '^server/seam/' },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-rooms-know-no-system',
      comment: 'Pure rooms import no node:* but hashing and assertions',
      severity: 'error',
      from: { path: pureRooms },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|assert)$' },
    },
    {
      name: 'contract-is-browser-safe',
      comment: 'Browsers load the contract: no node:* at all',
      severity: 'error',
      from: { path: '^server/contract/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'media-path-has-no-packages',
      comment: 'Whatever a packet passes through is our own',
      severity: 'error',
      from: { path: '^server/(stun|seam|credentials|turn|relay|transport)/' },
      to: { path: 'node_modules', dependencyTypesNot: ['core'] },
    },
    {
      name: 'server-ships-no-development-package',
      comment: 'The server runs with production dependencies alone',
      severity: 'error',
      from: { path: '^server/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'server-stands-alone',
      comment: 'Tests and scripts import the server, never the other way',
      severity: 'error',
      from: { path: '^server/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one file, or hide a third',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'A file that nobody imports and that imports nobody is dead',
      severity: 'error',
      from: { orphan: true, path: '^server/' },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'An import leads somewhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: `${__dirname}/tsconfig.json` },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
