CREATE DATABASE {{ probe | ident }}
