export { cloneOptions } from './clone-options';
export { canonicalText, everyShard, positionOf, proveIds, proveRoute, type RouteProof, soleKey } from './route-proof';
