/** The packages' own modules have their types in other folders. */

declare module 'class-transformer/cjs/decorators/type.decorator' {
  export { Type } from 'class-transformer';
}

declare module 'class-validator/cjs/decorator/array/ArrayMaxSize' {
  export { ArrayMaxSize } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/array/ArrayMinSize' {
  export { ArrayMinSize } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/typechecker/IsArray' {
  export { IsArray } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/typechecker/IsBoolean' {
  export { IsBoolean } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/common/IsIn' {
  export { IsIn } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/typechecker/IsInt' {
  export { IsInt } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/typechecker/IsNumber' {
  export { IsNumber } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/typechecker/IsString' {
  export { IsString } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/string/Matches' {
  export { Matches } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/number/Max' {
  export { Max } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/number/Min' {
  export { Min } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/common/ValidateBy' {
  export { ValidateBy } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/common/ValidateIf' {
  export { ValidateIf } from 'class-validator';
}

declare module 'class-validator/cjs/decorator/common/ValidateNested' {
  export { ValidateNested } from 'class-validator';
}
