/**
 * Assembly: one node from its configuration. Deploys the rooms in order, closes them in reverse; a
 * start that fails half-way closes what stood already.
 */
package dev.weft.node;
