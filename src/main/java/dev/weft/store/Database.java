package dev.weft.store;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** The file and its SQL, for one thread at a time. Operations go between begin and commit. */
final class Database implements AutoCloseable {
  /** The schema's version; a change of the tables takes a new version and a step from the last. */
  static final int VERSION = 1;

  private static final int BUSY_MILLIS = 5_000;
  // Bytes that the write-ahead log is cut back to after a checkpoint.
  private static final int LOG_BYTES = 16 << 20;

  private final Path file;
  private final Connection connection;
  private final Statement transaction;
  private final PreparedStatement put;
  private final PreparedStatement delete;
  private final PreparedStatement get;
  private final PreparedStatement all;
  private final PreparedStatement next;

  private Database(Path file, Connection connection) throws SQLException {
    this.file = file;
    this.connection = connection;
    transaction = connection.createStatement();
    put =
        connection.prepareStatement(
            "INSERT INTO entry(tab, key, value) VALUES(?, ?, ?)"
                + " ON CONFLICT(tab, key) DO UPDATE SET value = excluded.value");
    delete = connection.prepareStatement("DELETE FROM entry WHERE tab = ? AND key = ?");
    get = connection.prepareStatement("SELECT value FROM entry WHERE tab = ? AND key = ?");
    all = connection.prepareStatement("SELECT key, value FROM entry WHERE tab = ?");
    next =
        connection.prepareStatement(
            "INSERT INTO counter(name, value) VALUES(?, 1)"
                + " ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value");
  }

  static Database open(Path file) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setBusyTimeout(BUSY_MILLIS);
    config.setJournalSizeLimit(LOG_BYTES);
    // Nothing reads generated keys, and each write would be followed by a query.
    config.setGetGeneratedKeys(false);
    Connection connection = null;
    try {
      connection = config.createConnection("jdbc:sqlite:" + file);
      check(file, connection);
      migrate(file, connection);
      return new Database(file, connection);
    } catch (SQLException | WeftException e) {
      WeftException failure = e instanceof SQLException sql ? fault(file, sql) : (WeftException) e;
      close(connection, failure);
      throw failure;
    }
  }

  private static void check(Path file, Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("PRAGMA quick_check(1)")) {
      String verdict = result.getString(1);
      if (!verdict.equals("ok")) {
        throw damaged(file, verdict, null);
      }
    }
  }

  private static void migrate(Path file, Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      statement.execute("CREATE TABLE IF NOT EXISTS schema_version(version INTEGER NOT NULL)");
      int found = 0;
      try (ResultSet version =
          statement.executeQuery("SELECT coalesce(max(version), 0) FROM schema_version")) {
        found = version.getInt(1);
      }
      if (found > VERSION) {
        throw Fault.PRECONDITION.because(
            "%s: version %s (expected: at most %s; a newer Weft wrote it)"
                .formatted(file, found, VERSION));
      }
      if (found < 1) {
        statement.execute(
            "CREATE TABLE entry(tab TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
                + " PRIMARY KEY(tab, key)) WITHOUT ROWID");
        statement.execute(
            "CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID");
        statement.execute("INSERT INTO schema_version(version) VALUES(1)");
      }
      statement.execute("COMMIT");
    }
  }

  /** Returns whether it changed anything. */
  boolean apply(Change change) throws SQLException {
    PreparedStatement statement = change instanceof Change.Put ? put : delete;
    statement.setString(1, change.table());
    statement.setString(2, change.key());
    if (change instanceof Change.Put entry) {
      statement.setString(3, entry.value());
    }
    return statement.executeUpdate() > 0;
  }

  Optional<String> get(String table, String key) throws SQLException {
    get.setString(1, table);
    get.setString(2, key);
    try (ResultSet found = get.executeQuery()) {
      return found.next() ? Optional.of(found.getString(1)) : Optional.empty();
    }
  }

  SortedMap<String, String> all(String table) throws SQLException {
    all.setString(1, table);
    SortedMap<String, String> entries = new TreeMap<>();
    try (ResultSet found = all.executeQuery()) {
      while (found.next()) {
        entries.put(found.getString(1), found.getString(2));
      }
    }
    return entries;
  }

  long next(String counter) throws SQLException {
    next.setString(1, counter);
    try (ResultSet value = next.executeQuery()) {
      return value.getLong(1);
    }
  }

  /*
   * Transactions by statement and not by JDBC: when SQLite rolls back by itself (a full disk), the
   * driver's own book-keeping would let what follows run outside any transaction.
   */

  void begin() throws SQLException {
    transaction.execute("BEGIN IMMEDIATE");
  }

  /** Returns once all since {@link #begin} is on disk. */
  void commit() throws SQLException {
    transaction.execute("COMMIT");
  }

  /** Undoes all since {@link #begin}, after a failure. */
  void rollBack(Exception failure) {
    try {
      transaction.execute("ROLLBACK");
    } catch (SQLException e) {
      // After some failures SQLite has rolled back already and says so.
      failure.addSuppressed(e);
    }
  }

  WeftException fault(SQLException e) {
    return fault(file, e);
  }

  private static WeftException fault(Path file, SQLException e) {
    SQLiteErrorCode code =
        e instanceof SQLiteException sqlite
            ? sqlite.getResultCode()
            : SQLiteErrorCode.UNKNOWN_ERROR;
    // The low byte is the primary code: https://sqlite.org/rescode.html
    int primary = code.code & 0xff;
    if (primary == SQLiteErrorCode.SQLITE_FULL.code) {
      return Fault.UNAVAILABLE.because(file + ": the disk is full; nothing was changed", e);
    }
    if (primary == SQLiteErrorCode.SQLITE_CORRUPT.code
        || primary == SQLiteErrorCode.SQLITE_NOTADB.code) {
      return damaged(file, e.getMessage(), e);
    }
    return Fault.INTERNAL.because(file + ": " + e.getMessage(), e);
  }

  private static WeftException damaged(Path file, String how, SQLException cause) {
    return Fault.INTERNAL.because(
        file
            + ": damaged: "
            + how
            + " (expected: a SQLite database; put a copy back, or move it and "
            + file.getFileName()
            + "-wal away to start without what it remembers)",
        cause);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw fault(e);
    }
  }

  private static void close(Connection connection, WeftException failure) {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        failure.addSuppressed(e);
      }
    }
  }
}
