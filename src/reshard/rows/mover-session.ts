/**
 * What a mover's sessions are set to, so that each value is written in one way that loses nothing, and read back as the same value.
 *
 * MySQL: times in UTC, since an hour of local time may occur twice; a mode that takes every value a table can hold (zero dates, 0 in
 * AUTO_INCREMENT columns, the empty value of an ENUM), as the copy is compared afterwards; READ COMMITTED, so that reading with locks does
 * not lock the gaps around what is read, where others may insert; on both, short waits for others, since what a mover reads is frozen.
 *
 * On both, no end of connections that are idle outside of transactions: a mover waits between its steps, and tokens keep one that is late
 * from doing harm.
 *
 * PostgreSQL: text forms that are exact and the same on every server; no scans of whole tables, since all that is asked has an index,
 * whatever statistics a table has that was just filled.
 *
 * On MariaDB and PostgreSQL the server ends a session that is idle in a transaction for 10 s: a mover that was stopped there holds the marks
 * of its rows, and until then nobody can take them over.
 */
export const SESSIONS = {
  mysql: [
    'SET NAMES utf8mb4',
    "SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', sql_safe_updates = 0, sql_select_limit = DEFAULT",
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    'SET wait_timeout = 28800',
    'SET innodb_lock_wait_timeout = 1 /*M!100300 , idle_transaction_timeout = 10 */',
  ],
  postgres: [
    [
      "SET client_encoding = 'UTF8'",
      "SET TimeZone = 'UTC'",
      "SET DateStyle = 'ISO'",
      "SET IntervalStyle = 'postgres'",
      'SET extra_float_digits = 3',
      "SET bytea_output = 'hex'",
      "SET lc_monetary = 'C'",
      "SET xmloption = 'content'",
      "SET default_transaction_isolation = 'read committed'",
      'SET enable_seqscan = off',
      "SET lock_timeout = '1s'",
      "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'",
      "SET idle_in_transaction_session_timeout = '10s'",
    ].join('; '),
  ],
} as const;
