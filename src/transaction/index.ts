export { PinnedTransaction } from './pinned-transaction';
