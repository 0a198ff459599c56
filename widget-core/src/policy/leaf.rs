//! A value of a policy's file, whatever the file is written in, and the way from there to the typed policy and back.
//!
//! It is read by what is asked of it, never by what it happens to be: so a reader of types needs but half of the code
//! that a self-describing format asks for, which the settings page would have to load.

use serde::de::{self, DeserializeSeed, Visitor};
use serde::ser::{self, Serialize};
use std::fmt;

/// A value of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// A list.
    List(Vec<Leaf>),
    /// A table, in its order.
    Table(Vec<(String, Leaf)>),
    /// A fraction or a date: no value of a policy is one.
    Odd(String),
}

/// Why a value does not fit a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// A name that is none of these.
    Unknown(String, &'static [&'static str]),
    /// Anything else, English.
    Other(String),
}

impl Leaf {
    /// A string's text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What a table holds at a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Table(fields) = self else {
            return None;
        };
        let found = fields.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| value)
    }

    /// The value of a type; tables by their keys.
    pub(super) fn of(value: &impl Serialize) -> Option<Self> {
        value.serialize(Writer).ok().flatten()
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(said, _) => write!(f, "unknown name `{said}`"),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::Unknown(variant.to_owned(), expected)
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        no_fit()
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        no_fit()
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        no_fit()
    }
}

impl ser::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }
}

fn no_fit() -> Misfit {
    Misfit::Other("another kind of value is needed".to_owned())
}

macro_rules! numbers {
    ($($ask:ident)*) => {$(
        fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match self {
                Leaf::Number(number) => visitor.visit_i64(*number),
                _ => Err(no_fit()),
            }
        }
    )*};
}

macro_rules! strings {
    ($($ask:ident)*) => {$(
        fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match self {
                Leaf::Text(text) => visitor.visit_borrowed_str(text),
                _ => Err(no_fit()),
            }
        }
    )*};
}

macro_rules! never {
    ($($ask:ident)*) => {$(
        fn $ask<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Misfit> {
            Err(no_fit())
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &'de Leaf {
    type Error = Misfit;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64
    }
    strings! { deserialize_str deserialize_string deserialize_identifier }
    never! { deserialize_any deserialize_f32 deserialize_f64 deserialize_char deserialize_bytes deserialize_byte_buf deserialize_unit }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Leaf::Flag(flag) => visitor.visit_bool(*flag),
            _ => Err(no_fit()),
        }
    }

    /// What is absent stands in no table, so what is there is something.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: V,
    ) -> Result<V::Value, Misfit> {
        Err(no_fit())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Leaf::List(items) => visitor.visit_seq(Items(items.iter())),
            _ => Err(no_fit()),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Leaf::List(items) if items.len() == length => visitor.visit_seq(Items(items.iter())),
            _ => Err(no_fit()),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Leaf::Table(fields) => visitor.visit_map(Fields {
                rest: fields.iter(),
                value: None,
            }),
            _ => Err(no_fit()),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Leaf::Text(name) => visitor.visit_enum(Variant { name, value: None }),
            Leaf::Table(fields) => match fields.as_slice() {
                [(name, value)] => visitor.visit_enum(Variant {
                    name,
                    value: Some(value),
                }),
                _ => Err(no_fit()),
            },
            _ => Err(no_fit()),
        }
    }
}

struct Items<'de>(std::slice::Iter<'de, Leaf>);

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Fields<'de> {
    rest: std::slice::Iter<'de, (String, Leaf)>,
    value: Option<&'de Leaf>,
}

impl<'de> de::MapAccess<'de> for Fields<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(Name(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(self.value.take().ok_or_else(no_fit)?)
    }
}

/// The name of a field or a variant.
struct Name<'de>(&'de str);

impl<'de> de::Deserializer<'de> for Name<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_borrowed_str(self.0)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Variant<'de> {
    name: &'de str,
    value: Option<&'de Leaf>,
}

impl<'de> de::EnumAccess<'de> for Variant<'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        Ok((seed.deserialize(Name(self.name))?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(no_fit()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self.value.ok_or_else(no_fit)?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Misfit> {
        Err(no_fit())
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Misfit> {
        Err(no_fit())
    }
}

/// Writes a value; nothing of what is absent.
struct Writer;

/// What [`Writer`] answers.
type Written = Result<Option<Leaf>, Misfit>;

/// A list in the making.
struct ListWriter(Vec<Leaf>);

/// A table in the making.
struct TableWriter {
    fields: Vec<(String, Leaf)>,
    key: String,
}

impl TableWriter {
    fn new() -> Self {
        Self {
            fields: Vec::new(),
            key: String::new(),
        }
    }

    /// The table, by its keys.
    fn done(mut self) -> Leaf {
        self.fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        Leaf::Table(self.fields)
    }
}

macro_rules! writes {
    ($($put:ident: $type:ty),*) => {$(
        fn $put(self, number: $type) -> Written {
            Ok(Some(Leaf::Number(i64::from(number))))
        }
    )*};
}

macro_rules! writes_not {
    ($($put:ident($($name:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        fn $put(self, $($name: $type),*) -> Result<$answer, Misfit> {
            $(let _ = $name;)*
            Err(no_fit())
        }
    )*};
}

impl ser::Serializer for Writer {
    type Ok = Option<Leaf>;
    type Error = Misfit;
    type SerializeSeq = ListWriter;
    type SerializeTuple = ListWriter;
    type SerializeTupleStruct = ser::Impossible<Option<Leaf>, Misfit>;
    type SerializeTupleVariant = ser::Impossible<Option<Leaf>, Misfit>;
    type SerializeMap = TableWriter;
    type SerializeStruct = TableWriter;
    type SerializeStructVariant = ser::Impossible<Option<Leaf>, Misfit>;

    writes! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8,
        serialize_u16: u16, serialize_u32: u32
    }
    writes_not! {
        serialize_u64(number: u64) -> Option<Leaf>;
        serialize_f32(number: f32) -> Option<Leaf>;
        serialize_f64(number: f64) -> Option<Leaf>;
        serialize_char(letter: char) -> Option<Leaf>;
        serialize_bytes(bytes: &[u8]) -> Option<Leaf>;
        serialize_unit() -> Option<Leaf>;
        serialize_unit_struct(name: &'static str) -> Option<Leaf>;
        serialize_tuple_struct(name: &'static str, length: usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, length: usize)
            -> Self::SerializeTupleVariant;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, length: usize)
            -> Self::SerializeStructVariant;
    }

    fn serialize_bool(self, flag: bool) -> Written {
        Ok(Some(Leaf::Flag(flag)))
    }

    fn serialize_str(self, text: &str) -> Written {
        Ok(Some(Leaf::Text(text.to_owned())))
    }

    fn serialize_none(self) -> Written {
        Ok(None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        let value = value.serialize(Writer)?.ok_or_else(no_fit)?;
        Ok(Some(Leaf::Table(vec![(variant.to_owned(), value)])))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<ListWriter, Misfit> {
        Ok(ListWriter(Vec::with_capacity(length.unwrap_or_default())))
    }

    fn serialize_tuple(self, length: usize) -> Result<ListWriter, Misfit> {
        Ok(ListWriter(Vec::with_capacity(length)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<TableWriter, Misfit> {
        Ok(TableWriter::new())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<TableWriter, Misfit> {
        Ok(TableWriter::new())
    }
}

impl ser::SerializeSeq for ListWriter {
    type Ok = Option<Leaf>;
    type Error = Misfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        self.0.extend(value.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Written {
        Ok(Some(Leaf::List(self.0)))
    }
}

impl ser::SerializeTuple for ListWriter {
    type Ok = Option<Leaf>;
    type Error = Misfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Written {
        ser::SerializeSeq::end(self)
    }
}

impl ser::SerializeMap for TableWriter {
    type Ok = Option<Leaf>;
    type Error = Misfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Misfit> {
        match key.serialize(Writer)? {
            Some(Leaf::Text(key)) => self.key = key,
            _ => return Err(no_fit()),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        if let Some(value) = value.serialize(Writer)? {
            self.fields.push((std::mem::take(&mut self.key), value));
        }
        Ok(())
    }

    fn end(self) -> Written {
        Ok(Some(self.done()))
    }
}

impl ser::SerializeStruct for TableWriter {
    type Ok = Option<Leaf>;
    type Error = Misfit;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Misfit> {
        if let Some(value) = value.serialize(Writer)? {
            self.fields.push((key.to_owned(), value));
        }
        Ok(())
    }

    fn end(self) -> Written {
        Ok(Some(self.done()))
    }
}
