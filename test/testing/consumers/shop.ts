/** A user's entity, made for MySQL, and a service over it; compiled to the format of each project. */
import { Column, CreateDateColumn, type DataSource, Entity, PrimaryColumn, type Repository } from 'typeorm';
import { ShardKey } from 'typeorm-sharding';

@Entity()
export class User {
  @PrimaryColumn({ type: 'char', length: 36 })
  @ShardKey()
  guid!: string;

  @Column({ type: 'enum', enum: ['new', 'known'], default: 'new' })
  state!: string;

  @Column({ type: 'json', nullable: true })
  settings!: object | null;

  @CreateDateColumn({ type: 'datetime', precision: 6 })
  createdAt!: Date;
}

export class Users {
  readonly #users: Repository<User>;

  constructor(dataSource: DataSource) {
    this.#users = dataSource.getRepository(User);
  }

  register(guid: string, settings: object): Promise<User> {
    return this.#users.save(this.#users.create({ guid, settings }));
  }

  find(guid: string): Promise<User | null> {
    return this.#users.findOneBy({ guid });
  }

  count(): Promise<number> {
    return this.#users.count();
  }

  /** Tries again once when the fault may be gone by then. */
  async greet(guid: string): Promise<void> {
    const greet = () => this.#users.manager.transaction((manager) => manager.update(User, { guid }, { state: 'known' }));
    await greet().catch((error: { readonly retryable?: boolean }) => (error.retryable ? greet() : Promise.reject(error)));
  }
}
