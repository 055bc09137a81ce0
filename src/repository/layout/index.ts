export { BaseLayout, type LayoutClass, type LayoutCluster } from './base-layout';
export { withLayoutSchemas } from './layout-entities';
