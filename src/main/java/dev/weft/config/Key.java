package dev.weft.config;

/**
 * A key that the configuration knows.
 *
 * @param path as in {@code http.port}
 * @param defaultText its default, as one would write it in the file
 * @param reloads whether SIGHUP applies a change; others need a restart
 */
record Key(String path, String defaultText, boolean reloads) {}
