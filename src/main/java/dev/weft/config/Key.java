package dev.weft.config;

/**
 * A known key of the configuration.
 *
 * @param path as in {@code http.port}
 * @param defaultText the default, as it is written in the file
 * @param reloads whether SIGHUP applies a change; others need a restart
 */
record Key(String path, String defaultText, boolean reloads) {}
